// ltijs set up as its documentation shows, with its Sequelize plug-in on PostgreSQL.
// Settings come as one JSON object: port, socket, issuer, clientId, authLoginUrl, tokenUrl, authConfig.
'use strict'

const lti = require('ltijs').Provider
const Database = require('ltijs-sequelize')

const settings = JSON.parse(process.argv[2])
const database = new Database('postgres', 'postgres', '', {
  host: settings.socket,
  dialect: 'postgres',
  logging: false
})

lti.setup('a secret of this baseline, long enough', { plugin: database }, {
  appRoute: '/launch',
  loginRoute: '/login',
  cookies: { secure: false, sameSite: '' },
  tokenMaxAge: 60
})
lti.onConnect((token, request, response) => response.send({ user: token.user }))

const start = async () => {
  // The port opens last, so that whoever waits for it finds the platform registered.
  await lti.deploy({ serverless: true })
  await lti.registerPlatform({
    url: settings.issuer,
    name: 'The platform',
    clientId: settings.clientId,
    authenticationEndpoint: settings.authLoginUrl,
    accesstokenEndpoint: settings.tokenUrl,
    authConfig: settings.authConfig
  })
  lti.app.listen(settings.port, '127.0.0.1')
}

start()
